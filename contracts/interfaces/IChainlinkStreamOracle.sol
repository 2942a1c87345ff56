// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FeedParameters} from "../types/FeedParameters.sol";
import {ICommonErrors} from "./ICommonErrors.sol";
import {IFeedErrors} from "./IFeedErrors.sol";
import {IOracle} from "./IOracle.sol";
import {ISequencerFeed} from "./ISequencerFeed.sol";

/// @title IChainlinkStreamOracle
/// @notice An index price from Chainlink Data Streams reports of schema v3, alone or divided by a push feed.
///
/// Notes:
/// - A proof is `abi.encode(bytes signedReport, uint256 quoteRoundId)`, where `signedReport` is the `fullReport` that
///   Data Streams serves. `quoteRoundId` is zero without a quote feed, and in {IOracle-spot}.
/// - The price is the report's benchmark price, or that divided by the quote, rounded down to WAD. Bid and ask decide
///   only whether the report is believed.
/// - For an order the quote is the round in force at the report's observation second, which must be over; for spot it
///   is the quote feed's newest round.
/// - A report speaks for the seconds from `validFrom` to `observedAt` and for no other: no report shows that there was
///   none before it, so none ever serves an order late.
/// - For orders a second has one price for good. The first report that is shown for it counts; another that would give
///   it another price is refused, whatever the oracle network signed.
/// - {IOracle-latest} is the newest price that anybody has had verified here, up to `latestMaxAge` seconds old.
/// - {IOracle-hadNoPrice} takes `abi.encode(uint64 observedAt, uint256 quoteRoundId)`: a report that was recorded by
///   {recordReport}, and the quote round in force when it was observed.
/// - Where a fee manager is set, the fee comes out of the ether sent along and the rest goes back to the caller; else
///   all of it goes back.
/// - The grace period after a restart of the sequencer is the market's to keep: it is told `upSince`.
interface IChainlinkStreamOracle is IOracle, IFeedErrors, ISequencerFeed, ICommonErrors {
    /// @notice Emitted when a report is kept as evidence. `usable` tells whether it is a price that orders can have.
    event ReportRecorded(uint64 indexed observedAt, uint64 validFrom, bool usable);

    /// @notice Thrown when bytes are not a signed report.
    error ReportMalformed(uint256 length);

    /// @notice Thrown when a report is not of schema v3.
    error ReportSchemaNotSupported(bytes2 schema);

    /// @notice Thrown when a report has another length than its schema.
    error ReportLengthUnexpected(uint256 length, uint256 expected);

    /// @notice Thrown when a report prices something else.
    error FeedIdUnexpected(bytes32 feedId, bytes32 expected);

    /// @notice Thrown when a report begins to be valid after it was observed.
    error ReportTimesOutOfOrder(uint256 validFrom, uint256 observedAt);

    /// @notice Thrown when a report claims to be observed later than now.
    error ReportInFuture(uint256 observedAt, uint256 timestamp);

    /// @notice Thrown when a report may no longer be verified.
    error ReportExpired(uint256 expiresAt, uint256 timestamp);

    /// @notice Thrown when a report is too old to be the price of now.
    error ReportTooOld(uint256 observedAt, uint256 timestamp, uint256 maxAge);

    /// @notice Thrown when a report speaks for more seconds than are kept on record for orders.
    error ReportSpanTooLong(uint256 validFrom, uint256 observedAt, uint256 maxSpan);

    /// @notice Thrown when the benchmark price of a report is zero or negative.
    error PriceNotPositive(int256 price);

    /// @notice Thrown unless 0 < bid ≤ price ≤ ask.
    error PricesOutOfOrder(int256 bid, int256 price, int256 ask);

    /// @notice Thrown when bid and ask are too far apart for the price between them to be believed.
    error SpreadTooWide(uint256 spread, uint256 maxSpread);

    /// @notice Thrown while a later quote round may still come in a report's observation second.
    error ObservationSecondNotOver(uint256 observedAt, uint256 timestamp);

    /// @notice Thrown when orders of `second` have another price already.
    error PriceAlreadyGiven(uint256 second, uint256 price);

    /// @notice Thrown when the verifier speaks of another report than the one it was shown.
    error ReportNotVerified(bytes32 verified, bytes32 shown);

    /// @notice Keeps a report as evidence for {IOracle-hadNoPrice}. Anybody may call.
    ///
    /// @dev Emits {ReportRecorded}. Ether beyond the verification fee is returned to the caller.
    ///
    /// Notes:
    /// - Worth its gas only where a report shows that orders had no price: it spans more seconds than they wait for, or
    ///   is no price, or the quote in force at its observation was none.
    /// - The first report recorded for a second of observation stays.
    ///
    /// @param signedReport The `fullReport` that Data Streams serves.
    function recordReport(bytes calldata signedReport) external payable;

    /// @notice Chainlink's VerifierProxy.
    /// @return proxy The proxy.
    function verifierProxy() external view returns (address proxy);

    /// @notice The feed that prices the base unit.
    /// @return id Its id.
    function feedId() external view returns (bytes32 id);

    /// @notice Largest (ask − bid) ÷ price of a report that is believed [WAD].
    /// @return spread The spread.
    function maxSpread() external view returns (uint256 spread);

    /// @notice Oldest that a report may be to be the price of now [s].
    /// @return age The age.
    function spotMaxAge() external view returns (uint64 age);

    /// @notice Oldest that {IOracle-latest} may be [s].
    /// @return age The age.
    function latestMaxAge() external view returns (uint64 age);

    /// @notice The push feed that prices the settlement token; its proxy is zero without one.
    /// @return feed The feed.
    function quoteFeed() external view returns (FeedParameters memory feed);
}
