// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IChainlinkStreamOracle} from "../interfaces/IChainlinkStreamOracle.sol";
import {WadMath} from "../libraries/WadMath.sol";

/// @dev What a report of schema v3 says. Times are seconds, prices WAD.
struct Report {
    bytes32 feedId;
    uint256 validFrom;
    uint256 observedAt;
    uint256 nativeFee;
    uint256 linkFee;
    uint256 expiresAt;
    int256 price;
    int256 bid;
    int256 ask;
}

/// @title StreamReports
/// @notice Reads Data Streams reports, and checks of them what Chainlink's verifier does not.
library StreamReports {
    using WadMath for uint256;

    /// @dev Bytes of a report of schema v3.
    uint256 internal constant LENGTH = 288;
    bytes2 internal constant SCHEMA = 0x0003;

    /// @dev Three words of context, three offsets and the parities of the signatures.
    uint256 private constant _HEAD = 224;
    /// @dev Where the offset of the report is.
    uint256 private constant _OFFSET_AT = 96;
    uint256 private constant _WORD = 32;

    /// @notice Requires that a report speaks of a past in which it is believed.
    /// @param report The report.
    function requireTimes(Report memory report) internal view {
        require(
            report.validFrom <= report.observedAt,
            IChainlinkStreamOracle.ReportTimesOutOfOrder(report.validFrom, report.observedAt)
        );
        require(
            report.observedAt <= block.timestamp,
            IChainlinkStreamOracle.ReportInFuture(report.observedAt, block.timestamp)
        );
    }

    /// @notice What the oracles signed, found as the verifier finds it.
    /// @param signedReport Context, report and signatures.
    /// @return data The report.
    function dataOf(bytes calldata signedReport) internal pure returns (bytes calldata data) {
        uint256 size = signedReport.length;
        require(size >= _HEAD, IChainlinkStreamOracle.ReportMalformed(size));
        uint256 offset = uint256(bytes32(signedReport[_OFFSET_AT:_OFFSET_AT + _WORD]));
        require(offset <= size - _WORD, IChainlinkStreamOracle.ReportMalformed(size));
        uint256 length = uint256(bytes32(signedReport[offset:offset + _WORD]));
        uint256 start = offset + _WORD;
        require(length >= _WORD && length <= size - start, IChainlinkStreamOracle.ReportMalformed(size));
        return signedReport[start:start + length];
    }

    /// @notice Reads a report of a feed.
    /// @dev Words are read whole: a refusal has a name, a failure to decode has none.
    /// @param data What the oracles signed.
    /// @param feedId The feed that it must be of.
    /// @return report The report.
    function read(bytes calldata data, bytes32 feedId) internal pure returns (Report memory report) {
        require(bytes2(data[:2]) == SCHEMA, IChainlinkStreamOracle.ReportSchemaNotSupported(bytes2(data[:2])));
        require(data.length == LENGTH, IChainlinkStreamOracle.ReportLengthUnexpected(data.length, LENGTH));
        report = abi.decode(data, (Report));
        require(report.feedId == feedId, IChainlinkStreamOracle.FeedIdUnexpected(report.feedId, feedId));
    }

    /// @notice Requires that a report's price is one, and that bid and ask are close around it.
    /// @param report The report.
    /// @param maxSpread Largest (ask − bid) ÷ price [WAD].
    function requirePrice(Report memory report, uint256 maxSpread) internal pure {
        require(report.price > 0, IChainlinkStreamOracle.PriceNotPositive(report.price));
        require(_inOrder(report), IChainlinkStreamOracle.PricesOutOfOrder(report.bid, report.price, report.ask));
        uint256 spread = _spread(report);
        require(spread <= maxSpread, IChainlinkStreamOracle.SpreadTooWide(spread, maxSpread));
    }

    /// @notice Whether {requirePrice} holds.
    /// @param report The report.
    /// @param maxSpread Largest (ask − bid) ÷ price [WAD].
    /// @return believed Whether it does.
    function isPrice(Report memory report, uint256 maxSpread) internal pure returns (bool believed) {
        return report.price > 0 && _inOrder(report) && _spread(report) <= maxSpread;
    }

    /// @dev Within 192 bits, as the schema has it, nothing computed from the prices can overflow.
    function _inOrder(Report memory report) private pure returns (bool) {
        return
            report.bid > 0 &&
            report.bid <= report.price &&
            report.price <= report.ask &&
            report.ask <= type(int192).max;
    }

    function _spread(Report memory report) private pure returns (uint256) {
        return uint256(report.ask - report.bid).divWadUp(uint256(report.price));
    }
}
