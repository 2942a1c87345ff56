// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

import {MarketAddresses} from "../interfaces/IMarketFactory.sol";
import {BatchKind, TradeRequest} from "../interfaces/ITrade.sol";
import {OrderBook} from "../OrderBook.sol";
import {MarketParameters, OrderParameters} from "../types/MarketParameters.sol";
import {Position} from "../types/Position.sol";
import {Price} from "../types/Price.sol";

/// @title OrderBookHarness
/// @notice Everything an OrderBook meets, scripted: factory, token, oracle and vault in one. It tells what it was asked,
/// and fails in ways the real contracts cannot be made to fail in.
// solhint-disable-next-line max-states-count
contract OrderBookHarness {
    /// @dev How {trade} ends.
    enum Fate {
        Filled,
        Refused,
        RefusedWithoutReason,
        OutOfGas
    }

    OrderBook public book;
    uint8 public decimals;
    uint256 public deviationThreshold;
    uint64 public upSince;
    mapping(uint256 positionId => uint256 count) public pendingMarketOrders;

    Price private _price;
    Fate private _fate;
    uint256 private _sequence;
    bytes private _reason;
    uint256 private _feeFromMargin;
    uint256 private _surplus;
    bytes private _hook;
    bytes private _proofOfAbsence;
    bool private _settled;
    mapping(uint256 positionId => Position position) private _positions;
    MarketParameters private _parameters;

    event Escrowed(address account, uint256 amountToken, uint256 countedPositionId);
    event BatchBegun(bytes proof, BatchKind kind, uint256 value);
    event Traded(TradeRequest request);
    event Released(address account, uint256 refunded, uint256 forfeited, uint256 countedPositionId, bool inBatch);
    event BatchEnded(address receiver, uint256 amount);
    event Hooked(bool success, bytes result);

    constructor(uint8 decimals_, uint256 deviationThreshold_, uint64 positionFeeRatio, OrderParameters memory orders) {
        decimals = decimals_;
        deviationThreshold = deviationThreshold_;
        _parameters.collateralToken = address(this);
        _parameters.oracle = address(this);
        _parameters.terms.positionFeeRatio = positionFeeRatio;
        _parameters.orders = orders;
    }

    receive() external payable {}

    function createBook() external {
        book = new OrderBook();
    }

    /* SCRIPT */

    function setPrice(Price calldata price) external {
        _price = price;
    }

    function setFate(Fate fate, bytes calldata reason, uint256 feeFromMargin) external {
        (_fate, _reason, _feeFromMargin) = (fate, reason, feeFromMargin);
    }

    function setPosition(uint256 positionId, address owner, int96 size) external {
        (_positions[positionId].owner, _positions[positionId].size) = (owner, size);
    }

    function setPending(uint256 positionId, uint256 count) external {
        pendingMarketOrders[positionId] = count;
    }

    function setSettled(bool settled) external {
        _settled = settled;
    }

    function setUpSince(uint64 upSince_) external {
        upSince = upSince_;
    }

    function setSurplus(uint256 surplus) external {
        _surplus = surplus;
    }

    /// @notice What is called on the book in the middle of the next trade or release, as a token's hook could.
    function setHook(bytes calldata hook) external {
        _hook = hook;
    }

    /// @notice The only proof that {hadNoPrice} believes, with the times it must be asked for.
    function setProofOfAbsence(uint64 from, uint64 until) external {
        _proofOfAbsence = abi.encode(from, until);
    }

    /// @notice Sends ether to the book, as only a vault may.
    function sendEther() external payable {
        Address.sendValue(payable(address(book)), msg.value);
    }

    /* VAULT */

    function escrow(address account, uint256 amountToken, uint256 countedPositionId) external {
        emit Escrowed(account, amountToken, countedPositionId);
    }

    function beginBatch(bytes calldata proof, BatchKind kind) external payable returns (Price memory price) {
        emit BatchBegun(proof, kind, msg.value);
        if (_surplus != 0) Address.sendValue(payable(msg.sender), _surplus);
        return _price;
    }

    function trade(TradeRequest calldata request) external returns (uint256 keeperFee, uint256 sequence) {
        emit Traded(request);
        _runHook();
        if (_fate == Fate.Refused) LowLevelCall.bubbleRevert(_reason);
        // solhint-disable-next-line gas-custom-errors, reason-string
        if (_fate == Fate.RefusedWithoutReason) revert();
        uint256 wasted;
        while (_fate == Fate.OutOfGas) ++wasted;
        return (_feeFromMargin, ++_sequence);
    }

    function release(
        address account,
        uint256 refunded,
        uint256 forfeited,
        uint256 countedPositionId,
        bool inBatch
    ) external {
        emit Released(account, refunded, forfeited, countedPositionId, inBatch);
        _runHook();
    }

    function endBatch(address receiver, uint256 amount) external {
        emit BatchEnded(receiver, amount);
    }

    function isSettled() external view returns (bool) {
        return _settled;
    }

    function position(uint256 positionId) external view returns (Position memory) {
        return _positions[positionId];
    }

    /* FACTORY AND ORACLE */

    function deployment() external view returns (MarketParameters memory parameters, MarketAddresses memory addresses) {
        parameters = _parameters;
        addresses.marginVault = address(this);
    }

    function hadNoPrice(uint64 from, uint64 until, bytes calldata proof) external view returns (bool) {
        bytes memory believed = _proofOfAbsence;
        return keccak256(proof) == keccak256(believed) && keccak256(proof) == keccak256(abi.encode(from, until));
    }

    function _runHook() private {
        bytes memory hook = _hook;
        if (hook.length == 0) return;
        delete _hook;
        // solhint-disable-next-line avoid-low-level-calls
        (bool success, bytes memory result) = address(book).call(hook);
        emit Hooked(success, result);
    }
}
