// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {PositionMath} from "../libraries/PositionMath.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {Market, SETTLED} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {Price} from "../types/Price.sol";
import {Terms} from "../types/Terms.sol";
import {VaultLedger} from "./VaultLedger.sol";

/// @title VaultCore
/// @notice Shared internals: the lock, the price of now, health, tokens in and out.
abstract contract VaultCore is VaultLedger {
    using PositionMath for Position;

    /// @dev What a token may spend on one transfer; the costliest in wide use take a quarter [gas].
    uint256 private constant _TRANSFER_GAS = 300_000;
    /// @dev What must be left so that 63 of 64 parts are more than that [gas].
    uint256 private constant _TRANSFER_GAS_NEEDED = 310_000;

    modifier nonReentrant() {
        _lock();
        _;
        _locked = 0;
    }

    modifier onlyOrderBook() {
        _requireCaller(_orderBook);
        _;
    }

    modifier onlyPool() {
        _requireCaller(address(_pool));
        _;
    }

    function _lock() internal {
        require(_locked == 0, MarketLocked());
        _locked = 1;
    }

    /// @dev The price of now. The market's clock is never older than any price that changed a position, so checking it
    /// alone keeps every position from an older price.
    function _spotPrice(Market memory market_, bytes calldata proof) internal returns (Price memory price) {
        price = _newestPrice(proof, market_.clock);
        require(!price.closingOnly, PriceForClosingOnly());
        market_.clock = uint32(price.observedAt);
        market_.lastPrice = _toPrice(price.value);
    }

    function _newestPrice(bytes calldata proof, uint32 clock) internal returns (Price memory price) {
        require(clock != SETTLED, MarketIsSettled());
        price = _oracle.spot{value: msg.value}(proof);
        require(price.observedAt >= clock, PriceNotNewEnough(price.observedAt, clock));
    }

    /// @dev This contract holds no ether of its own: what verification left goes back.
    function _returnEther() internal {
        // Ether that was forced in must not fail a caller who sent none and takes none.
        uint256 left = msg.value == 0 ? 0 : address(this).balance;
        if (left == 0) return;
        (bool returned, ) = msg.sender.call{value: left}("");
        require(returned, EtherNotAccepted(msg.sender, left));
    }

    /// @dev Pays out, or books the amount as claimable when the token refuses: a payout never blocks its cause.
    function _payOut(address receiver, uint256 amountToken) internal {
        if (amountToken == 0 || _trySend(receiver, amountToken)) return;
        _claimable[receiver] += amountToken;
        emit PayoutDeferred(++_market.sequence, receiver, amountToken);
    }

    /// @dev Pays whoever asked for it, and says so when the token refuses.
    function _send(address receiver, uint256 amountToken) internal {
        require(_trySend(receiver, amountToken), TransferRefused(receiver, amountToken));
    }

    /// @dev A transfer that can neither revert, nor burn the caller's gas, nor flood it with return data. Gas is checked
    /// first, so that nobody makes a good transfer fail by sending too little.
    function _trySend(address receiver, uint256 amountToken) internal returns (bool sent) {
        require(gasleft() > _TRANSFER_GAS_NEEDED, InsufficientTransferGas(gasleft(), _TRANSFER_GAS_NEEDED));
        address token = address(_token);
        bytes memory call_ = abi.encodeCall(IERC20.transfer, (receiver, amountToken));
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0, 1)
            sent := call(_TRANSFER_GAS, token, 0, add(call_, 32), mload(call_), 0, 32)
            // Some tokens return nothing; those that return something must return true.
            sent := and(sent, eq(mload(0), 1))
        }
    }

    /// @dev Pulls tokens and refuses those that move other than the amount.
    function _pullToken(address from, uint256 amountToken) internal {
        IERC20 token = _token;
        uint256 before = TokenScale.balanceOf(token, address(this));
        SafeERC20.safeTransferFrom(token, from, address(this), amountToken);
        uint256 received = TokenScale.balanceOf(token, address(this)) - before;
        require(received == amountToken, TokenTransferMismatch(amountToken, received));
    }

    function _requireCaller(address expected) internal view {
        require(msg.sender == expected, NotAuthorized(msg.sender));
    }

    /// @dev While a market order waits for its position, nothing that its account does may decide what becomes of it: that
    /// would be a free look at its price.
    function _requireNoneWaits(uint256 positionId) internal view {
        uint256 pending = _pendingMarketOrders[positionId];
        require(pending == 0, MarketOrderPending(positionId, pending));
    }

    function _requireBatch() internal view {
        require(_batchPrice != 0, NotAuthorized(msg.sender));
    }

    /// @dev Liquidation waits until traders could come back after an outage of the sequencer.
    function _requireGraceOver(Price memory price) internal view {
        uint64 endsAt = price.upSince == 0 ? 0 : price.upSince + _sequencerGrace;
        require(block.timestamp >= endsAt, SequencerGracePeriod(endsAt));
    }

    /// @dev WAD as whole token units; what is lost by rounding is due to the pool, so that not a wei goes astray.
    function _toToken(Market memory market_, uint256 amount) internal view returns (uint256 amountToken) {
        amountToken = TokenScale.toTokenDown(amount, _scale);
        market_.poolDue += uint128(amount - amountToken * _scale);
    }

    /// @dev As stored; a price beyond the range counts as the highest there is.
    function _toPrice(uint256 price) internal pure returns (uint96) {
        return price < type(uint96).max ? uint96(price) : type(uint96).max;
    }

    /// @dev Equity at `price`, with all that has accrued.
    function _equity(Market memory market_, Position memory position_, uint256 price) internal pure returns (int256) {
        int256 owed = position_.accrued(market_.fundingIndex, market_.borrowIndex);
        return position_.equity(position_.gain(price, owed));
    }

    /// @dev Below initial margin a position may only get healthier: its margin ratio must not fall.
    function _requireNotWorse(
        Position memory position_,
        Terms memory terms_,
        int256 equityBefore,
        uint256 notionalBefore,
        uint256 price
    ) internal pure {
        int256 equity = position_.equity(position_.gain(price, 0));
        uint256 notional = PositionMath.notional(position_.size, price);
        if (equity >= int256(PositionMath.initialMargin(notional, terms_))) return;
        require(
            equity * int256(notionalBefore) >= equityBefore * int256(notional),
            MarginRatioFalls(equityBefore, notionalBefore, equity, notional)
        );
    }

    function _requireInitialMargin(
        Market memory market_,
        uint256 positionId,
        Position memory position_,
        Terms memory terms_,
        uint256 price
    ) internal pure {
        int256 equity = _equity(market_, position_, price);
        uint256 required = PositionMath.initialMargin(PositionMath.notional(position_.size, price), terms_);
        _requireEquity(positionId, equity, required);
    }

    function _requireEquity(uint256 positionId, int256 equity, uint256 required) internal pure {
        require(equity >= int256(required), InitialMarginNotMet(positionId, equity, required));
    }
}
