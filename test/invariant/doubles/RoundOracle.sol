// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {IOracle} from "../../../contracts/interfaces/IOracle.sol";
import {Price} from "../../../contracts/types/Price.sol";
import {ProofKind} from "../../../contracts/types/ProofKind.sol";

/// @dev How an oracle that is out refuses.
enum Outage {
    Silent,
    Down,
    SequencerDown
}

/// @title RoundOracle
/// @notice A push feed under the test's control. Round ids count from 1; no two rounds share a second.
///
/// Notes:
/// - {spot} also serves older rounds, as signed reports do: refusing them is the market's business.
/// - It charges a fee where ether is sent, and returns the rest, as a stream's verifier does.
contract RoundOracle is IOracle {
    struct Round {
        uint192 value;
        uint64 observedAt;
    }

    uint256 public constant FEE_WEI = 3;

    Round[] private _rounds;
    uint64 public upSince;
    /// @notice Until when every price is refused [s].
    uint64 public downUntil;
    Outage private _outage;
    /// @dev Age beyond which a price is stale [s], and until when one may be [s].
    uint64 private _maxAge;
    uint64 private _staleUntil;
    uint64 private _closingOnlyUntil;
    /// @notice What {hadNoPrice} answers to a proof that is not empty.
    bool public absent;

    error OracleDown(uint64 until);
    error SequencerDown();
    error PriceStale(uint64 observedAt);
    error RoundNotFound(uint256 roundId);
    error RoundOutOfOrder(uint64 observedAt, uint256 timestamp);

    constructor(uint256 value) {
        _rounds.push(Round(uint192(value), uint64(block.timestamp)));
    }

    function push(uint256 value) external {
        require(block.timestamp > _newest().observedAt, RoundOutOfOrder(_newest().observedAt, block.timestamp));
        _rounds.push(Round(uint192(value), uint64(block.timestamp)));
    }

    function restart(uint64 upSince_) external {
        upSince = upSince_;
    }

    function breakUntil(uint64 until, Outage outage) external {
        (downUntil, _outage) = (until, outage);
    }

    function limitAge(uint64 maxAge, uint64 until) external {
        (_maxAge, _staleUntil) = (maxAge, until);
    }

    function limitToClosing(uint64 until) external {
        _closingOnlyUntil = until;
    }

    function setAbsent(bool absent_) external {
        absent = absent_;
    }

    function verify(bytes calldata proof) external payable returns (Price memory price) {
        uint256 roundId = abi.decode(proof, (uint256));
        price = _price(roundId);
        // A round counts once its second is over: until then a later one of the same second could replace it.
        require(price.observedAt < block.timestamp, RoundNotFound(roundId));
        price.validFrom = roundId == 1 ? 0 : _rounds[roundId - 2].observedAt + 1;
        price.validUntil = roundId == _rounds.length ? uint64(block.timestamp) : _rounds[roundId].observedAt - 1;
        _charge();
    }

    function spot(bytes calldata proof) external payable returns (Price memory price) {
        price = _price(proof.length == 0 ? _rounds.length : abi.decode(proof, (uint256)));
        _charge();
    }

    function latest() external view returns (uint256 price, uint64 observedAt) {
        _requireUp();
        return (_newest().value, _newest().observedAt);
    }

    /// @notice Whether no price is to be had now.
    function isOut() external view returns (bool) {
        return block.timestamp < downUntil || _isStale();
    }

    function hadNoPrice(uint64, uint64, bytes calldata proof) external view returns (bool) {
        return absent && proof.length != 0;
    }

    function minInitialMarginRatio() external pure returns (uint256) {
        return 0.04e18;
    }

    function deviationThreshold() external pure returns (uint256) {
        return 0.005e18;
    }

    function roundCount() external view returns (uint256) {
        return _rounds.length;
    }

    function round(uint256 roundId) external view returns (uint256 value, uint64 observedAt) {
        return (_rounds[roundId - 1].value, _rounds[roundId - 1].observedAt);
    }

    /// @notice The first round observed at `time` or later; 0 when there is none.
    function firstRoundFrom(uint256 time) external view returns (uint256 roundId) {
        for (uint256 i = _rounds.length; i != 0 && _rounds[i - 1].observedAt >= time; --i) roundId = i;
    }

    /// @notice Whether prices serve for closing alone.
    function closingOnly() public view returns (bool) {
        return block.timestamp < _closingOnlyUntil;
    }

    function _price(uint256 roundId) private view returns (Price memory) {
        _requireUp();
        require(roundId != 0 && roundId <= _rounds.length, RoundNotFound(roundId));
        Round memory round_ = _rounds[roundId - 1];
        return
            Price(
                round_.value,
                round_.observedAt,
                round_.observedAt,
                round_.observedAt,
                upSince,
                closingOnly(),
                ProofKind.Round
            );
    }

    function _charge() private {
        if (msg.value == 0) return;
        (bool success, ) = msg.sender.call{value: msg.value - FEE_WEI}("");
        require(success, OracleDown(downUntil));
    }

    function _requireUp() private view {
        require(!_isStale(), PriceStale(_newest().observedAt));
        if (block.timestamp >= downUntil) return;
        // Some refuse without a word.
        if (_outage == Outage.Silent) revert();
        require(_outage == Outage.Down, SequencerDown());
        revert OracleDown(downUntil);
    }

    function _isStale() private view returns (bool) {
        return block.timestamp < _staleUntil && block.timestamp > _newest().observedAt + _maxAge;
    }

    function _newest() private view returns (Round storage) {
        return _rounds[_rounds.length - 1];
    }
}
